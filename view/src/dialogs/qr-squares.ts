/**
 * Loads the code that draws QR codes.
 * @returns the squares of a link's QR code, row by row; true is dark. None if the code can't be loaded: the link alone does as well
 */
export async function qrSquares(link: string): Promise<boolean[][]> {
  const code = await import('uqr').catch(() => undefined);
  return code === undefined ? [] : code.encode(link, { border: 0, ecc: 'L' }).data;
}
