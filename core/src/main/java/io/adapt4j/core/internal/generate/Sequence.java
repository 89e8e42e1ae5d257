package io.adapt4j.core.internal.generate;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One row of a batch while it is generated: its tokens so far and whether it has ended. */
final class Sequence {

  private final int[] prompt;
  private final int mostTokens;
  private final FinishReason atMost;
  private final GenerationOptions options;
  private final Set<Integer> endIds;
  private final Sampler sampler;
  private final TextOutput text;
  private final Consumer<TokenLogprobs> onToken;
  private final @Nullable AnswerConstraint constraint;
  private final List<TokenLogprobs> logprobs = new ArrayList<>();

  /** Prompt and new tokens, with room for more. */
  private int[] tokens;

  private int length;
  private FinishReason finishReason;

  /**
   * Starts a sequence.
   *
   * @param constraint what the text may be, or null
   */
  Sequence(
      int[] prompt,
      int row,
      int room,
      GenerationOptions options,
      Set<Integer> endIds,
      TextOutput text,
      Consumer<TokenLogprobs> onToken,
      @Nullable AnswerConstraint constraint) {
    this.prompt = prompt;
    this.mostTokens = Math.min(options.maxNewTokens(), room);
    this.atMost = room < options.maxNewTokens() ? FinishReason.CONTEXT_LENGTH : FinishReason.LENGTH;
    this.options = options;
    this.endIds = endIds;
    this.sampler = new Sampler(options, row, prompt, constraint);
    this.text = text;
    this.onToken = onToken;
    this.tokens = prompt.clone();
    this.constraint = constraint;
    this.length = prompt.length;
    if (constraint != null && constraint.isComplete()) {
      finish(FinishReason.STOP);
    }
  }

  int[] prompt() {
    return prompt;
  }

  int mostTokens() {
    return mostTokens;
  }

  Sampler sampler() {
    return sampler;
  }

  boolean isFinished() {
    return finishReason != null;
  }

  /** How many tokens there are, prompt and new ones. */
  int length() {
    return length;
  }

  /** How many more tokens there may be. */
  int room() {
    return prompt.length + mostTokens - length;
  }

  /** The sequence's own array, which begins with its tokens. */
  int[] tokens() {
    return tokens;
  }

  int[] tokens(int from, int to) {
    return Arrays.copyOfRange(tokens, from, to);
  }

  int lastId() {
    return tokens[length - 1];
  }

  /** Whether tokens can be chosen by the largest logit alone. */
  boolean isPlainGreedy() {
    return Sampler.takesLikeliest(options) && constraint == null;
  }

  /** The only token that may come next; -1 where there is a choice, or its logits are wanted. */
  int forced() {
    return constraint == null || options.logprobs().isPresent() ? -1 : constraint.forced();
  }

  /** The beginning of a guess that the constraint allows. */
  int[] allowed(int[] guess) {
    return constraint == null ? guess : constraint.allowed(guess);
  }

  /** Takes the next token. */
  void accept(int id) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, length + Math.max(64, length / 2));
    }
    tokens[length++] = id;
    sampler.logprobs().ifPresent(this::tell);
    if (!options.ignoreEos() && endIds.contains(id)) {
      finish(FinishReason.EOS);
    } else if (options.stopIds().contains(id)) {
      finish(FinishReason.STOP_ID);
    } else {
      text.push(id);
      if (constraint != null) {
        constraint.accept(id);
      }
      if (text.isStopped()) {
        finish(FinishReason.STOP_STRING);
      } else if (constraint != null && constraint.isComplete()) {
        finish(FinishReason.STOP);
      } else if (room() == 0) {
        finish(atMost);
      }
    }
  }

  private void tell(TokenLogprobs token) {
    logprobs.add(token);
    onToken.accept(token);
  }

  /** Ends the sequence; text held back may still turn out to reach a stop string. */
  void finish(FinishReason reason) {
    text.finish();
    finishReason = text.isStopped() ? FinishReason.STOP_STRING : reason;
  }

  Generation result() {
    return new Generation(
        text.text(),
        Arrays.stream(tokens, prompt.length, length).boxed().toList(),
        finishReason,
        prompt.length,
        logprobs);
  }
}
