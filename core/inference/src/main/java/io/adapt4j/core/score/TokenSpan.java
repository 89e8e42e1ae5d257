package io.adapt4j.core.score;

import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A tokenized context and continuation to be scored. Arrays are not copied: treat them as
 * read-only.
 *
 * @param context at least one token
 * @param continuation at least one token
 */
// Never compared; copying every array twice would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record TokenSpan(int[] context, int[] continuation) {

  /** Checks the lengths. Throws {@link IllegalArgumentException} if one of them is empty. */
  public TokenSpan {
    if (context.length == 0 || continuation.length == 0) {
      throw new IllegalArgumentException(
          "Scoring needs at least one token of context and of continuation, found %s and %s"
              .formatted(context.length, continuation.length));
    }
  }

  /**
   * Tokenizes a request as lm-evaluation-harness does: trailing spaces of the context move to the
   * continuation, both are encoded as one text, and the first tokens, as many as the context alone
   * has, are the context. Tokens that the tokenizer appends to a text are not scored.
   *
   * @param tokenizer the model's tokenizer
   * @param request the texts
   * @param firstId token before a continuation without context
   * @return their tokens
   * @throws IllegalArgumentException if there is neither context nor first token
   */
  public static TokenSpan of(Tokenizer tokenizer, ScoringRequest request, OptionalInt firstId) {
    return all(tokenizer, List.of(request), firstId).get(0);
  }

  /**
   * Tokenizes requests as {@link #of} does; equal contexts are encoded once.
   *
   * @param requests the requests
   * @return one span per request, in order
   * @throws IllegalArgumentException if there is neither context nor first token
   */
  public static List<TokenSpan> all(
      Tokenizer tokenizer, List<ScoringRequest> requests, OptionalInt firstId) {
    Map<String, int[]> contexts = new HashMap<>();
    List<TokenSpan> spans = new ArrayList<>(requests.size());
    for (ScoringRequest request : requests) {
      spans.add(span(tokenizer, request, firstId, contexts));
    }
    return spans;
  }

  private static TokenSpan span(
      Tokenizer tokenizer,
      ScoringRequest request,
      OptionalInt firstId,
      Map<String, int[]> contexts) {
    int end = lengthWithoutTrailingSpace(request.context());
    String context = request.context().substring(0, end);
    String continuation = request.context().substring(end) + request.continuation();
    if (context.isEmpty()) {
      return withoutContext(tokenizer.encode(continuation, false), firstId);
    }
    int[] before = contexts.computeIfAbsent(context, tokenizer::encodePrompt);
    int[] whole = tokenizer.encodePrompt(context + continuation);
    if (whole.length <= before.length) {
      // The continuation merged into the context's last token and can only be scored if tokenized
      // separately.
      return new TokenSpan(before, tokenizer.encode(continuation, false));
    }
    return new TokenSpan(
        Arrays.copyOf(whole, before.length),
        Arrays.copyOfRange(whole, before.length, whole.length));
  }

  private static TokenSpan withoutContext(int[] ids, OptionalInt firstId) {
    if (firstId.isEmpty()) {
      throw new IllegalArgumentException(
          "A continuation without context needs a first token, and this model names neither bos"
              + " nor eos; give a context");
    }
    int first = firstId.getAsInt();
    if (ids.length > 1 && ids[0] == first) {
      return new TokenSpan(Arrays.copyOf(ids, 1), Arrays.copyOfRange(ids, 1, ids.length));
    }
    return new TokenSpan(new int[] {first}, ids);
  }

  /** Every kind of space counts, including line ends and no-break spaces, as in Python. */
  private static int lengthWithoutTrailingSpace(String text) {
    int end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return end;
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }
}
