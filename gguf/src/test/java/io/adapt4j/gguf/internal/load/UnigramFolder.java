package io.adapt4j.gguf.internal.load;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/** A small tokenizer of T5's kind, as T5's own files are. */
public final class UnigramFolder {

  /** The pieces in the order of their ids; the less likely, the further down. */
  public static final List<String> PIECES = pieces();

  /** The tokens added behind the pieces. */
  public static final int EXTRA = 2;

  private static final String SPACE = "\u2581";

  private UnigramFolder() {}

  private static List<String> pieces() {
    List<String> pieces = new ArrayList<>(List.of("<pad>", "</s>", "<unk>"));
    pieces.addAll(List.of("\u2581", "\u2581the", "\u2581ca", "t", "\u2581cat", "the", "s", "fi"));
    for (char letter = 'a'; letter <= 'z'; letter++) {
      if (letter != 's' && letter != 't') {
        pieces.add(String.valueOf(letter));
      }
    }
    pieces.add("A");
    return List.copyOf(pieces);
  }

  private static float score(int id) {
    return id < 3 ? 0 : -1.5f - id / 8f;
  }

  private static byte[] characters() {
    return CompiledCharacters.of(
        Map.of("\n", " ", "\t", " ", "\uff21", "A", "\ufb01", "fi", "\u3000", " "));
  }

  /** Writes {@code tokenizer.json}, its configuration and a {@code config.json} with the ids. */
  public static Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    ObjectNode root = JsonNodeFactory.instance.objectNode().put("version", "1.0");
    ArrayNode added = root.putArray("added_tokens");
    ArrayNode pieces = JsonNodeFactory.instance.arrayNode();
    for (int id = 0; id < PIECES.size(); id++) {
      pieces.addArray().add(PIECES.get(id)).add(score(id));
      if (id < 3) {
        add(added, id, PIECES.get(id));
      }
    }
    for (int i = 0; i < EXTRA; i++) {
      add(added, PIECES.size() + i, "<extra_id_" + (EXTRA - 1 - i) + ">");
      pieces.addArray().add("<extra_id_" + (EXTRA - 1 - i) + ">").add(0.0);
    }
    root.putObject("normalizer")
        .put("type", "Precompiled")
        .put("precompiled_charsmap", Base64.getEncoder().encodeToString(characters()));
    ArrayNode cuts =
        root.putObject("pre_tokenizer").put("type", "Sequence").putArray("pretokenizers");
    cuts.addObject().put("type", "WhitespaceSplit");
    metaspace(cuts.addObject());
    metaspace(root.putObject("decoder"));
    ObjectNode model = root.putObject("model").put("type", "Unigram").put("unk_id", 2);
    model.set("vocab", pieces);
    template(root.putObject("post_processor"));
    Files.writeString(folder.resolve("tokenizer.json"), Json.compact(root));
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"tokenizer_class": "T5Tokenizer", "eos_token": "</s>", "unk_token": "<unk>",
         "pad_token": "<pad>"}
        """);
    if (!Files.exists(folder.resolve("config.json"))) {
      Files.writeString(
          folder.resolve("config.json"), "{\"eos_token_id\": 1, \"pad_token_id\": 0}");
    }
    return folder;
  }

  private static void add(ArrayNode target, int id, String text) {
    target
        .addObject()
        .put("id", id)
        .put("content", text)
        .put("single_word", false)
        .put("lstrip", false)
        .put("rstrip", false)
        .put("normalized", false)
        .put("special", true);
  }

  private static void metaspace(ObjectNode step) {
    step.put("type", "Metaspace").put("replacement", SPACE).put("add_prefix_space", true);
  }

  private static void template(ObjectNode processor) {
    processor.put("type", "TemplateProcessing");
    for (String kind : List.of("single", "pair")) {
      ArrayNode parts = processor.putArray(kind);
      for (String text : kind.equals("pair") ? List.of("A", "B") : List.of("A")) {
        parts.addObject().putObject("Sequence").put("id", text).put("type_id", 0);
        parts.addObject().putObject("SpecialToken").put("id", "</s>").put("type_id", 0);
      }
    }
    ObjectNode end = processor.putObject("special_tokens").putObject("</s>").put("id", "</s>");
    end.putArray("ids").add(1);
    end.putArray("tokens").add("</s>");
  }

  /** {@return the same pieces as a model of SentencePiece} */
  public static byte[] sentencePiece() {
    ByteArrayOutputStream model = new ByteArrayOutputStream();
    for (int id = 0; id < PIECES.size(); id++) {
      ByteArrayOutputStream piece = new ByteArrayOutputStream();
      bytes(piece, 1, PIECES.get(id).getBytes(StandardCharsets.UTF_8));
      piece.write(2 << 3 | 5);
      piece.writeBytes(
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(score(id)).array());
      piece.write(3 << 3);
      piece.write(id == 2 ? 2 : id < 2 ? 3 : 1);
      bytes(model, 1, piece.toByteArray());
    }
    ByteArrayOutputStream normalizer = new ByteArrayOutputStream();
    bytes(normalizer, 2, characters());
    bytes(model, 3, normalizer.toByteArray());
    return model.toByteArray();
  }

  private static void bytes(ByteArrayOutputStream target, int field, byte[] content) {
    target.write(field << 3 | 2);
    int length = content.length;
    for (; length > 127; length >>>= 7) {
      target.write((length & 127) | 128);
    }
    target.write(length);
    target.writeBytes(content);
  }
}
