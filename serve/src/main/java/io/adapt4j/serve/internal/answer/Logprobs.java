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

  private Logprobs(TokenTexts texts) {
    this.texts = texts;
  }

  /** Empty unless the options ask for log probabilities. */
  public static Optional<Logprobs> of(LanguageModel model, GenerationOptions options) {
    return options.logprobs().isPresent()
        ? Optional.of(new Logprobs(new TokenTexts(model.tokenizer())))
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
   * text.
   */
  public ObjectNode lists(List<TokenLogprobs> tokens, int offset) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    ArrayNode names = json.putArray("tokens");
    ArrayNode numbers = json.putArray("token_logprobs");
    ArrayNode tops = json.putArray("top_logprobs");
    ArrayNode offsets = json.putArray("text_offset");
    int at = offset;
    for (TokenLogprobs token : tokens) {
      String text = texts.text(token.tokenId());
      names.add(text);
      numbers.add(number(token.logprob()));
      ObjectNode top = tops.addObject();
      token
          .top()
          .forEach(
              alternative ->
                  top.put(texts.text(alternative.tokenId()), number(alternative.logprob())));
      offsets.add(at);
      at += text.length();
    }
    return json;
  }

  /** Returns the number of characters of tokens. */
  public int length(List<TokenLogprobs> tokens) {
    return tokens.stream().mapToInt(token -> texts.text(token.tokenId()).length()).sum();
  }

  private static double number(double logprob) {
    return Math.max(logprob, IMPOSSIBLE);
  }
}
