package io.adapt4j.serve;

import io.adapt4j.core.ModelPrompts;
import io.adapt4j.tools.ToolRequest;

/**
 * A conversation ready to be answered.
 *
 * @param request the request, which reads its answer
 * @param prompt its tokens
 */
record ToolPrompt(ToolRequest request, ModelPrompts.Prepared prompt) {}
