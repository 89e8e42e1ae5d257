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

/** A row of a batch during generation: its tokens so far, and whether it has ended. */
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
   * @param constraint constraint on the text, or null
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

  /** Returns the number of tokens, prompt included. */
  int length() {
    return length;
  }

  /** Returns the number of tokens that may still be generated. */
  int room() {
    return prompt.length + mostTokens - length;
  }

  /** Returns the internal array, which starts with the tokens and has spare room after them. */
  int[] tokens() {
    return tokens;
  }

  int[] tokens(int from, int to) {
    return Arrays.copyOfRange(tokens, from, to);
  }

  int lastId() {
    return tokens[length - 1];
  }

  /** Returns whether tokens can be chosen by argmax alone. */
  boolean isPlainGreedy() {
    return Sampler.takesLikeliest(options) && constraint == null;
  }

  /**
   * Returns the only token that may come next; -1 if there is a choice or if log-probabilities are
   * wanted.
   */
  int forced() {
    return constraint == null || options.logprobs().isPresent() ? -1 : constraint.forced();
  }

  /** Returns the longest prefix of a guess that the constraint allows. */
  int[] allowed(int[] guess) {
    return constraint == null ? guess : constraint.allowed(guess);
  }

  /** Appends the next token. */
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

  /** Ends the sequence; text held back may still complete a stop string. */
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
