package io.adapt4j.serve;

import io.adapt4j.core.generate.PreparedPrompt;
import io.adapt4j.tools.ToolRequest;

/**
 * A conversation that is ready to be answered.
 *
 * @param request how its answer is read
 * @param prompt its tokens
 */
record ToolPrompt(ToolRequest request, PreparedPrompt prompt) {}
