/**
 * Tool calls: {@link io.adapt4j.tools.ToolChat} runs a model with tools, {@link
 * io.adapt4j.tools.ToolParser} parses calls from the text of an answer.
 */
@NullMarked
package io.adapt4j.tools;

import org.jspecify.annotations.NullMarked;
