package io.adapt4j.serve.internal.answer;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.TokenLogprobs;
import java.util.List;
import java.util.Optional;

/** Log probabilities of tokens in the formats of OpenAI's API. The end token is left out. */
public final class Logprobs {

  /** OpenAI's limit on alternatives. */
  public static final int MOST = 20;

  /** Value that represents negative infinity, which JSON does not have. */
  private static final double IMPOSSIBLE = -9999;

  private final TokenTexts texts;
  private final boolean asIds;

  private Logprobs(TokenTexts texts, boolean asIds) {
    this.texts = texts;
    this.asIds = asIds;
  }

  /** Empty unless the options ask for log probabilities. */
  public static Optional<Logprobs> of(LanguageModel model, GenerationOptions options) {
    return of(model, options, false);
  }

  /**
   * Empty unless the options ask for log probabilities. As ids, tokens are named {@code
   * token_id:ID}, as by vLLM: several tokens can have the same text.
   */
  public static Optional<Logprobs> of(
      LanguageModel model, GenerationOptions options, boolean asIds) {
    return options.logprobs().isPresent()
        ? Optional.of(new Logprobs(new TokenTexts(model.tokenizer()), asIds))
        : Optional.empty();
  }

  /** Returns the tokens of an answer without its end token. */
  public static List<TokenLogprobs> shown(Generation answer) {
    return shown(answer.logprobs(), answer.finishReason());
  }

  /** Returns the last tokens of an answer without its end token. */
  public static List<TokenLogprobs> shown(List<TokenLogprobs> last, FinishReason reason) {
    boolean ended = reason == FinishReason.EOS || reason == FinishReason.STOP_ID;
    return ended && !last.isEmpty() ? last.subList(0, last.size() - 1) : last;
  }

  /** Formats log probabilities for conversations. */
  public ObjectNode content(List<TokenLogprobs> tokens) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("content", array(tokens));
    return json.putNull("refusal");
  }

  /** Formats tokens for conversations and responses. */
  public ArrayNode array(List<TokenLogprobs> tokens) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (TokenLogprobs token : tokens) {
      ObjectNode entry = entry(array, token.tokenId(), token.logprob());
      ArrayNode top = entry.putArray("top_logprobs");
      token.top().forEach(alternative -> entry(top, alternative.tokenId(), alternative.logprob()));
    }
    return array;
  }

  private ObjectNode entry(ArrayNode array, int id, double logprob) {
    ObjectNode entry =
        array.addObject().put("token", texts.text(id)).put("logprob", number(logprob));
    entry.set("bytes", texts.bytes(id));
    return entry;
  }

  /**
   * Formats log probabilities for completions. The offset is the start of the first token in the
   * text. The first token of an echoed prompt, whose log probability is NaN, has null.
   */
  public ObjectNode lists(List<TokenLogprobs> tokens, int offset) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode names = json.putArray("tokens");
    ArrayNode numbers = json.putArray("token_logprobs");
    ArrayNode tops = json.putArray("top_logprobs");
    ArrayNode offsets = json.putArray("text_offset");
    int at = offset;
    for (TokenLogprobs token : tokens) {
      names.add(name(token.tokenId()));
      offsets.add(at);
      at += texts.text(token.tokenId()).length();
      if (Double.isNaN(token.logprob())) {
        numbers.addNull();
        tops.addNull();
        continue;
      }
      numbers.add(number(token.logprob()));
      ObjectNode top = tops.addObject();
      token
          .top()
          .forEach(
              alternative -> top.put(name(alternative.tokenId()), number(alternative.logprob())));
    }
    return json;
  }

  private String name(int id) {
    return asIds ? "token_id:" + id : texts.text(id);
  }

  /** Returns the number of characters of tokens. */
  public int length(List<TokenLogprobs> tokens) {
    return tokens.stream().mapToInt(token -> texts.text(token.tokenId()).length()).sum();
  }

  private static double number(double logprob) {
    return Math.max(logprob, IMPOSSIBLE);
  }
}
