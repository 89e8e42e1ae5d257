package io.adapt4j.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.model.output.FinishReason;
import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Optional;

/**
 * What is answered.
 *
 * @param text what is said; may be empty
 * @param thinking what was thought before it; may be empty
 * @param calls what is to be called
 * @param finishReason why it ends where it does
 * @param usage the tokens it took, if they were counted
 */
record Reply(
    String text,
    String thinking,
    List<ToolExecutionRequest> calls,
    FinishReason finishReason,
    Optional<TokenUsage> usage) {}
