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
 * How an answer came about.
 *
 * @param question what was looked for; for a conversation, the question that it was condensed to
 * @param stages what was done, in order
 * @param prompt what the generator was given; empty if none was asked
 * @param promptTokens tokens of the prompt's texts as the budget counts them; 0 if there is none
 * @param usage the tokens as the generator counted them, if it does
 * @param answerable whether the documents answered the question
 */
public record Trace(
    String question,
    List<Stage> stages,
    List<ChatMessage> prompt,
    int promptTokens,
    Optional<TokenUsage> usage,
    boolean answerable) {

  /**
   * Makes a trace with its own copies of the lists.
   *
   * @param question what was looked for; for a conversation, the question that it was condensed to
   * @param stages what was done, in order
   * @param prompt what the generator was given; empty if none was asked
   * @param promptTokens tokens of the prompt's texts as the budget counts them; 0 if there is none
   * @param usage the tokens as the generator counted them, if it does
   * @param answerable whether the documents answered the question
   */
  public Trace {
    stages = List.copyOf(stages);
    prompt = List.copyOf(prompt);
  }

  /** {@return the tokens as the generator counted them; in JSON null if it does not} */
  @Override
  @JsonIgnore
  public Optional<TokenUsage> usage() {
    return usage;
  }

  @JsonProperty("usage")
  @Nullable TokenUsage usageInJson() {
    return usage.orElse(null);
  }

  /** {@return the time of all stages} */
  public Duration total() {
    return stages.stream().map(Stage::duration).reduce(Duration.ZERO, Duration::plus);
  }

  /** {@return one line a stage, for logs} */
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
