import { OmniGen2 } from 'omnigen2-studio';

const status = document.querySelector('p');
const canvas = document.querySelector('canvas');
if (!status || !canvas) throw new Error('The page lacks an element.');
try {
  const model = await OmniGen2.open();
  const { picture } = await model.draw('a brown bear in the desert', { settings: { seed: 2, steps: 4 } });
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.putImageData(new ImageData(picture.data, picture.width, picture.height), 0, 0);
  status.textContent = 'Drawn.';
} catch (error) {
  status.textContent = String(error);
}
