package io.adapt4j.core.tokenize;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.exception.CheckpointException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenBytesTest {

  private static final String TEXT = "Once, größer €5 \u4f60\u597d \uD83D\uDE00\n\tend";

  @TempDir Path folder;

  private Tokenizer tokenizer(String decoder, String vocabulary) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer.json"),
        """
        {"version": "1.0", "truncation": null, "padding": null, "normalizer": null,
         "pre_tokenizer": null, "post_processor": null, "decoder": %s,
         "added_tokens": [{"id": 0, "content": "<s>", "single_word": false, "lstrip": false,
           "rstrip": false, "normalized": false, "special": true}],
         "model": {"type": "BPE", "dropout": null, "unk_token": null,
           "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
           "byte_fallback": false, "vocab": %s, "merges": []}}
        """
            .formatted(decoder, vocabulary));
    return Tokenizer.load(folder);
  }

  private static String text(TokenBytes bytes, int id) {
    return new String(bytes.bytes(id), StandardCharsets.UTF_8);
  }

  @Test
  void byteLevelTokensHaveTheBytesOfTheirCharacters() throws IOException {
    try (Tokenizer tokenizer =
        tokenizer(
            "{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"trim_offsets\": true}",
            "{\"<s>\": 0, \"\u0120a\": 1, \"\u00e2\u0124\": 2, \"<tool call>\": 3}")) {
      TokenBytes bytes = tokenizer.tokenBytes();
      assertThat(bytes.length(0)).as("special").isZero();
      assertThat(text(bytes, 1)).isEqualTo(" a");
      assertThat(bytes.bytes(2)).as("part of a character").containsExactly(0xE2, 0x82);
      assertThat(text(bytes, 3)).as("no byte level spelling").isEqualTo("<tool call>");
      assertThat(bytes.atBeginning()).isSameAs(bytes);
      assertThat(tokenizer.tokenBytes()).isSameAs(bytes);
    }
  }

  @Test
  void markedTokensLoseTheSpaceOfTheFirstWord() throws IOException {
    try (Tokenizer tokenizer =
        tokenizer(
            "{\"type\": \"Metaspace\", \"replacement\": \"\u2581\", \"prepend_scheme\": \"first\"}",
            "{\"<s>\": 0, \"\u2581a\": 1, \"b\": 2, \"\u2581\u2581\": 3}")) {
      TokenBytes bytes = tokenizer.tokenBytes();
      assertThat(List.of(text(bytes, 1), text(bytes, 2), text(bytes, 3)))
          .containsExactly(" a", "b", "  ");
      TokenBytes first = bytes.atBeginning();
      assertThat(List.of(text(first, 1), text(first, 2), text(first, 3)))
          .containsExactly("a", "b", "");
    }
  }

  @Test
  void wordPiecesHaveNoBytesOfTheirOwn() throws IOException {
    try (Tokenizer tokenizer =
        tokenizer(
            "{\"type\": \"WordPiece\", \"prefix\": \"##\", \"cleanup\": true}",
            "{\"<s>\": 0, \"a\": 1}")) {
      refuses(CheckpointException.class, tokenizer::tokenBytes, "decoder", "WordPiece");
    }
  }

  @Test
  void theBytesOfATextsTokensAreTheText() throws Exception {
    Path stories = Path.of(TokenBytesTest.class.getResource("/stories260K/tokenizer.json").toURI());
    try (Tokenizer tokenizer = Tokenizer.load(stories.getParent())) {
      ByteArrayOutputStream joined = new ByteArrayOutputStream();
      TokenBytes bytes = tokenizer.tokenBytes();
      int[] ids = tokenizer.encode(TEXT, false);
      for (int i = 0; i < ids.length; i++) {
        joined.writeBytes((i == 0 ? bytes.atBeginning() : bytes).bytes(ids[i]));
      }
      assertThat(joined.toString(StandardCharsets.UTF_8)).isEqualTo(TEXT);
    }
  }
}
