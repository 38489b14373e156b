import { expect, it } from 'vitest';
import { addressOf, hrefOf, ROOMS } from './rooms.ts';

it('reads the address that it writes', () => {
  for (const { name: room } of ROOMS) {
    expect(addressOf(hrefOf({ room }))).toEqual({ room });
    expect(addressOf(hrefOf({ room, id: '01m4x2k7z0-3f9a2c1' }))).toEqual({ room, id: '01m4x2k7z0-3f9a2c1' });
  }
});

it('reads addresses of earlier versions, and no others', () => {
  expect(addressOf('#draw')).toEqual({ room: 'make' });
  expect(addressOf('#models')).toEqual({ room: 'models' });
  expect(addressOf('#main')).toBeUndefined();
  expect(addressOf('#/nowhere')).toBeUndefined();
  expect(addressOf('#/gallery/../x')).toBeUndefined();
});
