/** Is version `a` at least `b`? Only the three numbers count. */
export function versionAtLeast(a: string, b: string): boolean {
  const x = a.split(/[.-]/).map(Number);
  const y = b.split(/[.-]/).map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (x[i] || 0) - (y[i] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
