/**
 * Tools of servers of the Model Context Protocol: {@link io.adapt4j.tools.mcp.McpClient} connects
 * to one, {@link io.adapt4j.tools.mcp.McpServers} to those that a file names.
 */
@NullMarked
package io.adapt4j.tools.mcp;

import org.jspecify.annotations.NullMarked;
