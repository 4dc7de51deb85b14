'use strict'
// Starts code-server in one process, and from one file.
//
// Its own entry starts a second node that does the same work over again, only to be able to swap that for another version; here
// init starts a new editor when one ends. Its few hundred modules come from a pack that was made with the image (pack-editor):
// nothing is searched for, and nothing compiled. Without the pack, or with a code-server that it was not made of, the modules
// are found in the usual way.
const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const vm = require('node:vm')

const home = '/usr/lib/code-server'
const packed = path.join(__dirname, 'editor.pack.js')

const compile = (source, cachedData) => new vm.Script(source, { filename: packed, cachedData })

function openPack() {
  try {
    const cachedData = fs.readFileSync(`${packed}.cache`)
    const script = compile(fs.readFileSync(packed, 'latin1'), cachedData)
    const pack = script.runInThisContext()
    return pack.of === fs.readFileSync(`${home}/package.json`, 'utf8') ? { ...pack, script } : undefined
  } catch {
    return undefined
  }
}

/** Lets modules come from the pack until the function that is returned is called. */
function use(pack) {
  const usual = { resolve: Module._resolveFilename, js: Module._extensions['.js'], json: Module._extensions['.json'] }

  Module._resolveFilename = function (request, parent, ...rest) {
    return pack.resolved[parent?.filename]?.[request] ?? usual.resolve.call(this, request, parent, ...rest)
  }
  const load = (otherwise) => (module, filename) => {
    const code = pack.modules[filename]
    if (code === undefined) {
      otherwise(module, filename)
      return
    }
    const require = (request) => module.require(request)
    require.resolve = (request, options) => Module._resolveFilename(request, module, false, options)
    require.main = process.mainModule
    require.extensions = Module._extensions
    require.cache = Module._cache
    code.call(module.exports, module.exports, require, module, filename, path.dirname(filename))
  }
  Module._extensions['.js'] = load(usual.js)
  Module._extensions['.json'] = load(usual.json)

  return () => {
    Module._resolveFilename = usual.resolve
    Module._extensions['.js'] = usual.js
    Module._extensions['.json'] = usual.json
  }
}

async function start(pack) {
  const close = pack === undefined ? () => {} : use(pack)
  // With this code-server takes itself for the second process: it does not start another, and VS Code does not run by itself.
  process.env.CODE_SERVER_PARENT_PID = String(process.pid)
  process.env.NODE_EXEC_PATH = process.execPath
  const { parse, readConfigFile, setDefaults } = require(`${home}/out/node/cli`)
  const { runCodeServer } = require(`${home}/out/node/main`)
  const { wrapper } = require(`${home}/out/node/wrapper`)
  try {
    const given = parse(process.argv.slice(2))
    const args = await setDefaults(given, await readConfigFile(given.config))
    wrapper.preventExit()
    const server = await runCodeServer(args)
    wrapper.onDispose(() => server.dispose())
    return () => wrapper.exit(0)
  } catch (error) {
    console.error(error)
    wrapper.exit(1)
  } finally {
    close()
  }
}

module.exports = { home, packed, compile, openPack, start }
if (require.main === module) start(openPack())
