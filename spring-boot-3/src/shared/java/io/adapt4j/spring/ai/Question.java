package io.adapt4j.spring.ai;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Optional;
import org.springframework.ai.tool.definition.ToolDefinition;

/**
 * What is asked.
 *
 * @param messages the conversation
 * @param options how to choose tokens and when to stop
 * @param tools what may be called
 * @param schema the JSON Schema of the answer, if it is to be JSON
 */
record Question(
    List<ChatMessage> messages,
    GenerationOptions options,
    List<ToolDefinition> tools,
    Optional<String> schema) {}
