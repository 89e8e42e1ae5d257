package io.adapt4j.vision.internal.processor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.tokenize.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntFunction;

/** Marks of pictures in prompts: names of tokens, and their expansion. */
final class Marks {

  private final JsonNode config;

  private Marks(JsonNode config) {
    this.config = config;
  }

  static Marks read(Path folder) {
    Path file = folder.resolve("tokenizer_config.json");
    ObjectNode json =
        (Files.exists(file) ? ConfigReader.read(file) : ConfigReader.parse(file, "{}")).json();
    return new Marks(json);
  }

  /** Returns a token that the tokenizer's file names, as Transformers' attribute of that name. */
  String token(String attribute, String otherwise) {
    for (JsonNode place :
        List.of(
            config,
            config.path("extra_special_tokens"),
            config.path("model_specific_special_tokens"))) {
      JsonNode found = place.path(attribute);
      String text = found.isObject() ? found.path("content").asText("") : found.asText("");
      if (!found.isMissingNode() && !found.isNull() && !text.isEmpty()) {
        return text;
      }
    }
    return otherwise;
  }

  /** Replaces each mark by what its picture takes. */
  static String expand(String rendered, String mark, int pictures, IntFunction<String> expansion) {
    StringBuilder out = new StringBuilder();
    int from = 0;
    int count = 0;
    int at;
    while ((at = rendered.indexOf(mark, from)) >= 0) {
      out.append(rendered, from, at);
      out.append(count < pictures ? expansion.apply(count) : mark);
      count++;
      from = at + mark.length();
    }
    if (count != pictures) {
      throw new IllegalArgumentException(
          "the prompt has "
              + count
              + " marks '"
              + mark
              + "', but "
              + pictures
              + " pictures are given. Give as many pictures as messages have image parts.");
    }
    return out.append(rendered, from, rendered.length()).toString();
  }

  static PicturePrompt encode(Tokenizer tokenizer, String text, boolean special, String place) {
    return PicturePrompt.of(tokenizer.encode(text, special), requireId(tokenizer, place), text);
  }

  static int requireId(Tokenizer tokenizer, String token) {
    return tokenizer
        .id(token)
        .orElseThrow(
            () ->
                new CheckpointException(
                    "tokenizer.json: expected the token '"
                        + token
                        + "', which stands for pictures, found none. Fetch the model's original"
                        + " tokenizer."));
  }
}
