/**
 * Calls of tools: {@link io.adapt4j.tools.ToolChat} asks a model that may call some, {@link
 * io.adapt4j.tools.ToolParser} reads calls out of the text of an answer.
 */
@NullMarked
package io.adapt4j.tools;

import org.jspecify.annotations.NullMarked;
