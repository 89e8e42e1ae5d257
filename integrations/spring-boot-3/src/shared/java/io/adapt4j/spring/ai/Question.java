package io.adapt4j.spring.ai;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.ai.tool.definition.ToolDefinition;

/**
 * A request to a replier.
 *
 * @param messages the conversation
 * @param pictures contents of the pictures by their places in the request, one for each content
 *     part of the type image, in their order
 * @param options generation options
 * @param tools the available tools
 * @param schema the JSON Schema of the answer, if it must be JSON
 */
record Question(
    List<ChatMessage> messages,
    Map<String, byte[]> pictures,
    GenerationOptions options,
    List<ToolDefinition> tools,
    Optional<String> schema) {}
