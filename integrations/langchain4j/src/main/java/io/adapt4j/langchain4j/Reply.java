package io.adapt4j.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.output.FinishReason;
import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Optional;

/**
 * An answer.
 *
 * @param text the text; may be empty
 * @param thinking the thoughts before it; may be empty
 */
record Reply(
    String text,
    String thinking,
    List<ToolExecutionRequest> calls,
    FinishReason finishReason,
    Optional<TokenUsage> usage) {}
