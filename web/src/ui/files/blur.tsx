import { thumbToRgba } from '@gochat/client/thumb';
import { useLayoutEffect, useRef } from 'preact/hooks';

/** What a ThumbHash says of a picture: a thousand pixels, which the browser smooths. */
export function Blur({ thumb }: { readonly thumb: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const pixels = thumbToRgba(thumb);
    const context = canvas.current?.getContext('2d');
    if (pixels === undefined || canvas.current === null || !context) return;
    const { rgba, width, height } = pixels;
    canvas.current.width = width;
    canvas.current.height = height;
    context.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0);
  }, [thumb]);
  return <canvas ref={canvas} class="blur" width={1} height={1} />;
}
