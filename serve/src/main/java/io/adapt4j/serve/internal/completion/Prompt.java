package io.adapt4j.serve.internal.completion;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.ModelPrompts;
import io.adapt4j.core.generate.CancellationToken;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Prompt of a completion: a text, or token ids. */
final class Prompt {

  static final String NAME = "prompt";

  private final @Nullable String text;
  private final int[] ids;

  private Prompt(@Nullable String text, int... ids) {
    this.text = text;
    this.ids = ids;
  }

  static List<Prompt> all(Parameters parameters, Limits limits) {
    JsonNode json = parameters.required(NAME);
    if (!json.isArray()) {
      return List.of(of(json));
    }
    if (json.isEmpty()) {
      throw Fault.parameter(NAME, "expected a text, token ids or several of these, found none");
    }
    if (json.get(0).isNumber()) {
      return List.of(of(json));
    }
    if (json.size() > limits.answers()) {
      throw Fault.parameter(
          NAME, "expected at most %d, found %d".formatted(limits.answers(), json.size()));
    }
    List<Prompt> prompts = new ArrayList<>();
    json.forEach(prompt -> prompts.add(of(prompt)));
    return prompts;
  }

  private static Prompt of(JsonNode json) {
    if (json.isTextual()) {
      return new Prompt(json.textValue());
    }
    if (!json.isArray() || json.isEmpty()) {
      throw Fault.parameter(
          NAME, "expected a text or an array of token ids, found " + Parameters.kind(json));
    }
    int[] ids = new int[json.size()];
    for (int i = 0; i < ids.length; i++) {
      if (!json.get(i).isInt()) {
        throw Fault.parameter(
            NAME, "expected token ids, found " + Parameters.kind(json.get(i)) + " among them");
      }
      ids[i] = json.get(i).intValue();
    }
    return new Prompt(null, ids);
  }

  /** Encodes the prompt, which must fit into the model's context. */
  ModelPrompts.Prepared prepared(
      LanguageModel model, GenerationOptions options, CancellationToken cancellation) {
    return text == null
        ? model.prompts().ids(ids, options)
        : model.prompts().text(text, options, cancellation);
  }

  String text(LanguageModel model) {
    return text == null ? model.tokenizer().decode(ids, true) : text;
  }
}
