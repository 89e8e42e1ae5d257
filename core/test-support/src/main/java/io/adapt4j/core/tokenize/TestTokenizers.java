package io.adapt4j.core.tokenize;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Tokenizer folders for tests: one among the resources, others beside the repository. */
public final class TestTokenizers {

  private TestTokenizers() {}

  /** The folder of the stories260K tokenizer: 512 tokens, byte fallback, bos and eos. */
  public static Path stories() {
    try {
      return Path.of(
          Objects.requireNonNull(
                  TestTokenizers.class.getResource("/stories260K"), "resource stories260K")
              .toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A tokenizer that does not ship; the test is skipped where it is absent. */
  public static Path shared(String name) {
    Path folder = sharedFolder(name);
    assumeTrue(hasShared(name), () -> "needs " + folder.toAbsolutePath());
    return folder;
  }

  public static boolean hasShared(String name) {
    return Files.isDirectory(sharedFolder(name));
  }

  private static Path sharedFolder(String name) {
    Path tokenizer = Path.of("shared", "data", "tokenizers", name);
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.isDirectory(at.resolve(tokenizer))) {
        return at.resolve(tokenizer);
      }
    }
    return tokenizer;
  }

  public static JsonNode expected(Path folder) throws IOException {
    return new ObjectMapper().readTree(Files.readString(folder.resolve("expected.json")));
  }

  public static int[] ints(JsonNode array) {
    int[] ints = new int[array.size()];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = array.get(i).intValue();
    }
    return ints;
  }
}
