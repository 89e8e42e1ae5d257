package io.adapt4j.langchain4j;

import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ToolChoice;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;

/** A request to a replier. */
record Question(
    List<ChatMessage> messages,
    GenerationOptions options,
    List<ToolSpecification> tools,
    ToolChoice choice,
    ResponseFormat format) {}
