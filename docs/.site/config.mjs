// The pages of the repository as a site; .ci/site runs it in target/site-build.
import fs from 'node:fs'
import path from 'node:path'
import { slug } from 'github-slugger'

const ROOT = path.resolve('../..')
const PAGES = path.resolve('pages')
const JAVADOC = path.join(ROOT, 'target/site-javadoc')
const REFERENCE = 'target/site-reference'
const MAP = 'docs/README.md'

/** Paths of pages on the site by their paths in the repository. */
const pages = new Map()

const titleOf = file => /^# (.+)$/m.exec(fs.readFileSync(path.join(ROOT, file), 'utf8'))[1]
const markdownIn = folder =>
  fs.readdirSync(path.join(ROOT, folder)).filter(name => name.endsWith('.md')).map(name => `${folder}/${name}`)

function nameOnSite(file) {
  if (file === MAP) return 'documentation.md'
  if (file === 'docs/index.md') return 'indexes.md'
  return file
    .replace(/^docs\//, '')
    .replace(`${REFERENCE}/`, 'reference/')
    .replace(/README\.md$/, 'index.md')
    .toLowerCase()
}

for (const file of [
  'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'UPGRADING.md',
  'examples/README.md', 'benchmarks/README.md', 'integrations/examples-spring/README.md',
  ...markdownIn('docs'), ...markdownIn(REFERENCE)
]) {
  pages.set(file, nameOnSite(file))
  const copy = path.join(PAGES, nameOnSite(file))
  fs.mkdirSync(path.dirname(copy), { recursive: true })
  fs.copyFileSync(path.join(ROOT, file), copy)
}
fs.cpSync(path.join(ROOT, 'docs/pictures'), path.join(PAGES, 'pictures'), { recursive: true })
const hasJavadoc = fs.existsSync(path.join(JAVADOC, 'index.html'))

const origins = new Map([...pages].map(([file, page]) => [page, file]))

/** Makes links between files of the repository links between pages; what is no page becomes text. */
function linkPages(md) {
  md.core.ruler.push('pages', state => {
    const from = path.posix.dirname(origins.get(state.env.relativePath))
    for (const block of state.tokens) {
      let dropped = false
      block.children = block.children?.filter(token => {
        if (token.type === 'link_close' && dropped) {
          dropped = false
          return false
        }
        const href = token.type === 'link_open' ? token.attrGet('href') : '#'
        if (/^(#|\w+:)/.test(href)) return true
        const [file, anchor] = href.split('#')
        const page = pages.get(path.posix.join(from, file))
        dropped = page === undefined
        if (!dropped) token.attrSet('href', `/${page}${anchor ? `#${anchor}` : ''}`)
        return !dropped
      }) ?? null
    }
  })
}

/** The groups and pages of docs/README.md, in its order. */
function sidebar() {
  const groups = []
  for (const line of fs.readFileSync(path.join(ROOT, MAP), 'utf8').split('\n')) {
    const group = /^\*\*(.+)\*\*$/.exec(line)
    if (group) groups.push({ text: group[1], collapsed: groups.length > 0, items: [] })
    if (!line.startsWith('- ')) continue
    for (const [, file] of line.matchAll(/\]\(([^)#]+)\)/g)) {
      const source = path.posix.join('docs', file)
      groups.at(-1).items.push({ text: titleOf(source), link: `/${pages.get(source)}` })
    }
  }
  const reference = markdownIn(REFERENCE).map(file => ({ text: titleOf(file), link: `/${pages.get(file)}` }))
  if (hasJavadoc) reference.push({ text: 'Javadoc', link: '/api/index.html', target: '_self' })
  return [...groups, { text: 'Reference', collapsed: true, items: reference }]
}

export default {
  title: 'Adapt4J',
  description: 'Fine-tuning, retrieval and evaluation of language models in the JVM',
  base: process.env.SITE_BASE ?? '/',
  srcDir: 'pages',
  outDir: '../site',
  ignoreDeadLinks: 'localhostLinks',
  head: [
    ['link', { rel: 'icon', href: 'data:,' }],
    ['style', {}, '@media (max-width: 640px) { .vp-doc td code { overflow-wrap: anywhere } }']
  ],
  // The index of the search is one chunk, loaded when it is opened.
  vite: { build: { chunkSizeWarningLimit: 4000 } },
  markdown: {
    // Anchors as GitHub makes them, since the pages are read in both places.
    anchor: { slugify: slug },
    headers: { slugify: slug },
    config: linkPages
  },
  themeConfig: {
    nav: [
      { text: 'Documentation', link: '/documentation' },
      { text: 'Reference', link: '/reference/commands' },
      ...(hasJavadoc ? [{ text: 'Javadoc', link: '/api/index.html', target: '_self' }] : [])
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    externalLinkIcon: true,
    search: { provider: 'local', options: { miniSearch: { searchOptions: { combineWith: 'AND' } } } }
  }
}
