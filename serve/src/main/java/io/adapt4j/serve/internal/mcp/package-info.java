/** The server's models as tools of the Model Context Protocol, over HTTP and over two streams. */
@NullMarked
package io.adapt4j.serve.internal.mcp;

import org.jspecify.annotations.NullMarked;
