package io.adapt4j.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ToolChoice;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;

/**
 * A request to a replier.
 *
 * @param pictures one for each content part {@code {"type": "image"}} of the messages, in order
 */
record Question(
    List<ChatMessage> messages,
    List<Image> pictures,
    GenerationOptions options,
    List<ToolSpecification> tools,
    ToolChoice choice,
    ResponseFormat format) {}
