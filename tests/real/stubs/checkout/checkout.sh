# The rules of actions/checkout that a workflow can depend on: which ref an event means, a branch is checked out by name
# at exactly the event's commit, a commit or a pull request is detached, depth 1 has no history and no tags.
set -euo pipefail
if [ -n "$UNSUPPORTED" ]; then echo "::error::the checkout stand-in does not know: $UNSUPPORTED"; exit 1; fi
if [ "$REPOSITORY" != "$GITHUB_REPOSITORY" ]; then
  echo "::error::the checkout stand-in knows $GITHUB_REPOSITORY only, not $REPOSITORY"; exit 1
fi
folder="$GITHUB_WORKSPACE${FOLDER:+/$FOLDER}"
mkdir -p "$folder"
cd "$folder"
if [ ! -e .git ]; then
  find . -mindepth 1 -delete
  git init -q .
  git remote add origin "file://$STUB_ORIGIN"
elif [ "$CLEAN" = true ]; then
  git clean -ffdxq
fi

if [ -z "$REF" ]; then ref="$GITHUB_REF" commit="$GITHUB_SHA"; else ref="$REF" commit=""; fi
is_commit() { [[ "$1" =~ ^[0-9a-f]{40}$ ]]; }
on_origin() { git ls-remote --exit-code origin "$1" >/dev/null; }
if ! is_commit "$ref" && [[ "$ref" != refs/* ]]; then
  if on_origin "refs/heads/$ref"; then ref="refs/heads/$ref"
  elif on_origin "refs/tags/$ref"; then ref="refs/tags/$ref"
  else echo "::error::A branch or tag with the name '$ref' could not be found"; exit 1; fi
fi
# act gives pull requests the commit of the working folder; the real event means the merge of the request.
if [[ "$ref" == refs/pull/* ]]; then commit=""; fi

case "$ref" in
  refs/heads/*) local_ref="refs/remotes/origin/${ref#refs/heads/}" ;;
  refs/pull/*) local_ref="refs/remotes/pull/${ref#refs/pull/}" ;;
  refs/*) local_ref="$ref" ;;
  *) local_ref="" commit="$ref" ;;
esac
options=(-q --force)
if [ "$TAGS" != true ]; then options+=(--no-tags); fi
if [ "$DEPTH" = 0 ]; then
  git fetch "${options[@]}" --prune origin '+refs/heads/*:refs/remotes/origin/*' '+refs/tags/*:refs/tags/*'
else
  options+=("--depth=$DEPTH")
fi
git fetch "${options[@]}" origin "+${commit:-$ref}${local_ref:+:$local_ref}"
if [[ "$ref" == refs/heads/* ]]; then
  git checkout -q --force -B "${ref#refs/heads/}" "$local_ref"
else
  git checkout -q --force --detach "${commit:-$local_ref}"
fi
if [ "$PERSIST" = true ] && [ -n "$TOKEN" ]; then
  basic="$(printf 'x-access-token:%s' "$TOKEN" | base64 -w0)"
  git config --local "http.$GITHUB_SERVER_URL/.extraheader" "AUTHORIZATION: basic $basic"
fi
{ echo "ref=$ref"; echo "commit=$(git rev-parse HEAD)"; } >> "$GITHUB_OUTPUT"
