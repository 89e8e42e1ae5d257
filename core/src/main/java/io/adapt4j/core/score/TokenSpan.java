package io.adapt4j.core.score;

import io.adapt4j.core.tokenize.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * A tokenized context and the continuation to be scored after it. Arrays are not copied: treat them
 * as read-only.
 *
 * @param context at least one token
 * @param continuation at least one token
 */
// Never compared; copying every array twice would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record TokenSpan(int[] context, int[] continuation) {

  /**
   * Makes a span.
   *
   * @param context at least one token
   * @param continuation at least one token
   * @throws IllegalArgumentException if one of them is empty
   */
  public TokenSpan {
    if (context.length == 0 || continuation.length == 0) {
      throw new IllegalArgumentException(
          "Scoring needs at least one token of context and of continuation, found %s and %s"
              .formatted(context.length, continuation.length));
    }
  }

  /**
   * Tokenizes a request as lm-evaluation-harness does: spaces at the end of the context move to the
   * continuation, both are encoded as one text, and as many tokens as the context alone has are its
   * part. Nothing that the tokenizer adds after a text is scored.
   *
   * @param tokenizer the model's tokenizer
   * @param request the texts
   * @param firstId stands before a continuation that has no context
   * @return their tokens
   * @throws IllegalArgumentException if there is neither context nor first token
   */
  public static TokenSpan of(Tokenizer tokenizer, ScoringRequest request, OptionalInt firstId) {
    return all(tokenizer, List.of(request), firstId).get(0);
  }

  /**
   * Tokenizes requests, as {@link #of} does one; contexts that are alike are encoded once.
   *
   * @param tokenizer the model's tokenizer
   * @param requests the texts
   * @param firstId stands before a continuation that has no context
   * @return one span a request, in their order
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
      // The continuation melted into the context's last token; only apart can it be scored.
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

  /** Every kind of space counts, line ends and no-break spaces included, as in Python. */
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
