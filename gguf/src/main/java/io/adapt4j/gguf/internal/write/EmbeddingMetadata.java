package io.adapt4j.gguf.internal.write;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorOutline;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.family.GgufFamily;
import io.adapt4j.gguf.internal.metadata.EmbeddingKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import java.nio.file.Path;
import java.util.Map;

/** Writes pooling and classification settings as metadata keys. */
public final class EmbeddingMetadata {

  private static final String REMEDY =
      " llama.cpp would compute other vectors; run this model here, or export one without it.";

  private static final Map<String, Integer> POOLINGS =
      Map.of(
          "mean", EmbeddingKeys.MEAN,
          "cls", EmbeddingKeys.FIRST,
          "lasttoken", EmbeddingKeys.LAST);

  private EmbeddingMetadata() {}

  /** Writes the keys; none for a decoder without Sentence Transformers modules. */
  public static void write(
      Path folder,
      GgufFamily family,
      Facts facts,
      boolean lowercases,
      GgufMetadata.Builder target) {
    String pooling = family.architecture() + EmbeddingKeys.POOLING;
    if (family.readsTexts() && EncoderTask.of(facts.model()) == EncoderTask.CLASSES) {
      target.uint32(pooling, EmbeddingKeys.RANK);
      return;
    }
    SentenceFolder sentences = SentenceFolder.read(folder);
    if (!family.readsTexts() && !sentences.hasModules()) {
      return;
    }
    VectorOutline outline = VectorOutline.of(sentences, facts.decoder().hiddenSize());
    target.uint32(pooling, pooling(folder, outline));
    requireSupported(folder, sentences, outline, lowercases, family.hasDense());
    ObjectNode settings = settings(sentences, outline);
    if (!settings.isEmpty()) {
      target.string(EmbeddingKeys.SETTINGS, Json.compact(settings));
    }
  }

  private static int pooling(Path folder, VectorOutline outline) {
    if (outline.poolings().size() == 1 && POOLINGS.containsKey(outline.poolings().get(0))) {
      return POOLINGS.get(outline.poolings().get(0));
    }
    throw new CheckpointException(
        folder
            + ": pooling: expected one of mean, cls and lasttoken, found "
            + outline.poolings()
            + ". llama.cpp has no other; run this model here.");
  }

  private static void requireSupported(
      Path folder,
      SentenceFolder sentences,
      VectorOutline outline,
      boolean lowercases,
      boolean mayBeDense) {
    if (!outline.includesPrompt() && !sentences.prompts().isEmpty()) {
      throw new CheckpointException(
          folder + ": include_prompt: expected true, found false." + REMEDY);
    }
    if (outline.hasDense() && !mayBeDense) {
      throw new CheckpointException(
          folder
              + ": "
              + SentenceFolder.MODULES
              + ": expected no Dense layers in a GGUF file of this family, found some."
              + REMEDY);
    }
    if (sentences.lowerCase() && !lowercases) {
      throw new CheckpointException(
          folder
              + ": do_lower_case: expected false, or a tokenizer that turns texts to lower case"
              + " itself, found true."
              + REMEDY);
    }
  }

  private static ObjectNode settings(SentenceFolder sentences, VectorOutline outline) {
    ObjectNode settings = JsonNodeFactory.instance.objectNode();
    if (!outline.normalizes()) {
      settings.put(EmbeddingKeys.NORMALIZE, false);
    }
    sentences.maxTokens().ifPresent(tokens -> settings.put("max_seq_length", tokens));
    if (sentences.lowerCase()) {
      settings.put("do_lower_case", true);
    }
    if (!sentences.prompts().isEmpty()) {
      ObjectNode prompts = settings.putObject("prompts");
      sentences.prompts().forEach(prompts::put);
    }
    sentences.defaultPrompt().ifPresent(name -> settings.put("default_prompt_name", name));
    sentences.dimension().ifPresent(dimension -> settings.put("truncate_dim", dimension));
    return settings;
  }
}
