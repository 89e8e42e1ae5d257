package io.adapt4j.serve;

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

/**
 * How likely tokens were, in the forms of OpenAI's API. The token that ends an answer is left out.
 */
final class Logprobs {

  /** OpenAI's limit on alternatives. */
  static final int MOST = 20;

  /** What stands for negative infinity, which JSON has not. */
  private static final double IMPOSSIBLE = -9999;

  private final TokenTexts texts;

  private Logprobs(TokenTexts texts) {
    this.texts = texts;
  }

  /** Empty where nothing of the kind is asked for. */
  static Optional<Logprobs> of(LanguageModel model, GenerationOptions options) {
    return options.logprobs().isPresent()
        ? Optional.of(new Logprobs(new TokenTexts(model.tokenizer())))
        : Optional.empty();
  }

  /** The tokens of an answer but the one that ended it. */
  static List<TokenLogprobs> shown(Generation answer) {
    return shown(answer.logprobs(), answer.finishReason());
  }

  /** The last tokens of an answer but the one that ended it. */
  static List<TokenLogprobs> shown(List<TokenLogprobs> last, FinishReason reason) {
    boolean ended = reason == FinishReason.EOS || reason == FinishReason.STOP_ID;
    return ended && !last.isEmpty() ? last.subList(0, last.size() - 1) : last;
  }

  /** As conversations have it. */
  ObjectNode content(List<TokenLogprobs> tokens) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.set("content", array(tokens));
    return json.putNull("refusal");
  }

  /** The tokens as conversations and responses have them. */
  ArrayNode array(List<TokenLogprobs> tokens) {
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
   * As completions have it.
   *
   * @param offset where the first token begins in the text
   */
  ObjectNode lists(List<TokenLogprobs> tokens, int offset) {
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

  /** How many characters tokens have. */
  int length(List<TokenLogprobs> tokens) {
    return tokens.stream().mapToInt(token -> texts.text(token.tokenId()).length()).sum();
  }

  private static double number(double logprob) {
    return Math.max(logprob, IMPOSSIBLE);
  }
}
