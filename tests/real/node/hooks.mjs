// Loaded with --import. Three things that the packages expect from a bundler or a newer Node:
// imports of these scripts are found where install.py put the packages; JSON is imported without an attribute;
// gitlab-ci-local uses Set.prototype.union, which Node 20 lacks.
import { register } from 'node:module';
import { pathToFileURL } from 'node:url';

const packages = pathToFileURL(process.env.NODE_FOLDER + '/').href;
const own = new URL('.', import.meta.url).href;
register('data:text/javascript,' + encodeURIComponent(`
export function resolve(name, context, next) {
  const bare = !/^(\\.|\\/|node:|file:|data:)/.test(name);
  const mine = context.parentURL?.startsWith(${JSON.stringify(own)});
  return next(name, bare && mine ? { ...context, parentURL: ${JSON.stringify(packages)} } : context);
}
export function load(url, context, next) {
  const attributes = url.endsWith('.json') ? { ...context.importAttributes, type: 'json' } : context.importAttributes;
  return next(url, { ...context, importAttributes: attributes });
}`));
Set.prototype.union ??= function (other) { return new Set([...this, ...other]); };
