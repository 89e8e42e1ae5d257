package io.adapt4j.rag.trace;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.text.TokenUsage;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Trace of an answer.
 *
 * @param question the search question; for a conversation, the standalone question rewritten from
 *     it
 * @param stages the stages, in order
 * @param prompt the generator's prompt; empty if none was called
 * @param promptTokens tokens of the prompt's texts as the budget counts them; 0 if there is none
 * @param usage token usage reported by the generator, if any
 * @param answerable whether the documents answered the question
 */
public record Trace(
    String question,
    List<Stage> stages,
    List<ChatMessage> prompt,
    int promptTokens,
    Optional<TokenUsage> usage,
    boolean answerable) {

  /** Creates a trace with its own copies of the lists. */
  public Trace {
    stages = List.copyOf(stages);
    prompt = List.copyOf(prompt);
  }

  /** {@return the token usage reported by the generator; in JSON null if there is none} */
  @Override
  @JsonIgnore
  public Optional<TokenUsage> usage() {
    return usage;
  }

  @JsonProperty("usage")
  @Nullable TokenUsage usageInJson() {
    return usage.orElse(null);
  }

  /** {@return the total time of all stages} */
  public Duration total() {
    return stages.stream().map(Stage::duration).reduce(Duration.ZERO, Duration::plus);
  }

  /** {@return one line per stage, for logs} */
  public String summary() {
    StringBuilder text = new StringBuilder();
    for (Stage stage : stages) {
      text.append(text.isEmpty() ? "" : "; ")
          .append(stage.name())
          .append(String.format(Locale.ROOT, " %.1f ms", stage.duration().toNanos() / 1e6));
      if (!stage.candidates().isEmpty()) {
        text.append(", ").append(stage.candidates().size()).append(" candidates");
      }
    }
    return text.toString();
  }
}
