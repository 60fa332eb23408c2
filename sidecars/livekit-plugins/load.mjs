// Packages are looked for from the file that imports them, so this one lies where they are installed.
export const load = (name) => import(name);
