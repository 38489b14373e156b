import { expect, test } from 'vitest';
import { withFigures } from './card.ts';

test('figures replace those between the marks and nothing else', () => {
  const card = '# Card\n<!-- figures -->\nold\n<!-- /figures -->\nend\n';
  const once = withFigures(card, 'bench --n 4', ['| a |', '| b |']);
  expect(once).toBe(
    '# Card\n<!-- figures -->\n\n```\nbench --n 4\n```\n\n| a |\n\n| b |\n\n<!-- /figures -->\nend\n',
  );
  expect(withFigures(once, 'bench --n 4', ['| a |', '| b |'])).toBe(once);
});

test.each(['# Card\n', '<!-- figures -->\n', '<!-- /figures -->\n<!-- figures -->\n'])(
  'a card without a place for figures is refused: %j',
  (card) => expect(() => withFigures(card, 'bench', [])).toThrow('no place for figures'),
);
