package io.adapt4j.core.internal.chat;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatException;
import io.adapt4j.core.chat.ChatOptions;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.WriteFailure;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.GenerationDefaults;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A checkpoint or adapter trained on conversations, prepared for use in chat. */
public record TrainedFolder(Path base, Path folder) {

  private static final String EOS = "eos_token_id";

  /** Files from which Transformers loads a tokenizer. */
  private static final List<String> TOKENIZER =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model");

  /**
   * Writes the template used in training, and what other programs need to apply it: the tokenizer's
   * files if they are missing, as for an adapter, and in a checkpoint the end-of-turn token among
   * the end tokens of {@code generation_config.json}.
   */
  public void write(ChatTemplate template) {
    try {
      for (String name : TOKENIZER) {
        Path source = base.resolve(name);
        if (Files.isRegularFile(source) && !Files.exists(folder.resolve(name))) {
          AtomicFiles.write(folder.resolve(name), Files.readAllBytes(source));
        }
      }
      template.save(folder);
      if (Files.isRegularFile(folder.resolve(ModelConfig.FILE))) {
        endAtTurns(template);
      }
    } catch (IOException e) {
      throw new ChatException(
          "%s: writing the chat template failed: %s."
              .formatted(folder, WriteFailure.explain(folder, e)),
          e);
    }
  }

  private void endAtTurns(ChatTemplate template) throws IOException {
    if (!Files.isRegularFile(folder.resolve("tokenizer.json"))) {
      return;
    }
    GenerationDefaults defaults = GenerationDefaults.read(folder, ModelConfig.read(folder));
    Set<Integer> ids = new LinkedHashSet<>(defaults.eosTokenIds());
    try (Tokenizer tokenizer = Tokenizer.load(folder)) {
      Optional<TemplateMarker> end =
          new ChatEncoder(tokenizer, template.withSpecialTokensOf(folder))
              .turnEnd(ChatOptions.defaults())
              .filter(TemplateMarker::isToken);
      if (end.isEmpty() || ids.contains(end.get().ids().get(0))) {
        return;
      }
      if (ids.isEmpty()) {
        tokenizer.eosId().ifPresent(ids::add);
      }
      ids.add(end.get().ids().get(0));
    }
    Path file = folder.resolve(GenerationDefaults.FILE);
    ConfigReader present =
        Files.isRegularFile(file) ? ConfigReader.read(file) : ConfigReader.parse(file, "{}");
    ObjectNode fields = present.json().deepCopy();
    if (!fields.has("bos_token_id")) {
      defaults.bosTokenId().ifPresent(id -> fields.put("bos_token_id", id));
    }
    if (!fields.has("pad_token_id")) {
      defaults.padTokenId().ifPresent(id -> fields.put("pad_token_id", id));
    }
    ArrayNode all = fields.putArray(EOS);
    ids.forEach(all::add);
    AtomicFiles.writeJson(file, fields);
  }
}
