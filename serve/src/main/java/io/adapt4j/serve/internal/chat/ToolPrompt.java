package io.adapt4j.serve.internal.chat;

import io.adapt4j.core.ModelPrompts;
import io.adapt4j.tools.ToolRequest;

/** A conversation ready to be answered. */
public record ToolPrompt(ToolRequest request, ModelPrompts.Prepared prompt) {}
