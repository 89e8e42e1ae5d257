package io.adapt4j.verification.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.base.Suppliers;
import com.google.common.primitives.Bytes;
import io.adapt4j.core.ChatSession;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.generate.FileCipher;
import io.adapt4j.serve.ModelServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Encrypted files of sessions and conversations: damaged as they lie on disk, and damaged before
 * they are encrypted, so that it is not the code of authenticity alone that finds it.
 */
final class SessionTargets {

  private static final FileCipher CIPHER = new FileCipher(Stories.KEY);
  private static final int DIGEST = 32;
  private static final int START = 16;
  private static final GenerationOptions SHORT =
      GenerationOptions.builder().maxNewTokens(2).build();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  private SessionTargets() {}

  static List<FuzzTarget> all() {
    Supplier<byte[]> file = Suppliers.memoize(SessionTargets::saved);
    Supplier<byte[]> tensors = Suppliers.memoize(() -> cut(file.get(), true));
    return List.of(
        new FuzzTarget(
            "session-encrypted",
            () -> List.of(file.get()),
            Scratch.file("a.session", SessionTargets::restore)),
        new FuzzTarget(
            "session",
            () -> List.of(cut(file.get(), false)),
            Scratch.file(
                "a.session",
                path -> {
                  byte[] all = Bytes.concat(Files.readAllBytes(path), tensors.get());
                  CIPHER.write(path, Bytes.concat(all, FileDigest.sha256().digest(all)));
                  restore(path);
                })),
        FolderTarget.of(
            "conversation-folder", SessionTargets::converse, SessionTargets::continueAll));
  }

  private static LanguageModel model() {
    return Stories.shared();
  }

  private static byte[] saved() {
    try {
      Path file = Files.createTempFile("seed", ".session");
      try {
        ChatSession session = model().session();
        session.send("Hello", SHORT);
        session.save(file, ChatSession.Contents.MESSAGES_AND_CACHE);
        return Files.readAllBytes(file);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the header of an encrypted file, or what stands between it and the digest. */
  private static byte[] cut(byte[] encrypted, boolean tensors) {
    try {
      Path file = Files.createTempFile("seed", ".session");
      try {
        byte[] all = CIPHER.read(Files.write(file, encrypted));
        int header = ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getInt(START - 4);
        return tensors
            ? Arrays.copyOfRange(all, START + header, all.length - DIGEST)
            : Arrays.copyOf(all, START + header);
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void restore(Path file) {
    ChatSession.restore(model(), file).send("Go on", SHORT);
  }

  private static ModelServer server(Path folder) {
    return ModelServer.builder()
        .model("stories", model())
        .conversationFolder(folder)
        .encryptConversations(Stories.KEY)
        .start();
  }

  private static String post(ModelServer server, String path, String body) throws Exception {
    HttpResponse<String> response =
        CLIENT.send(
            HttpRequest.newBuilder(server.address().resolve(path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() >= 500) {
      throw new AssertionError(response.statusCode() + ": " + response.body());
    }
    return response.body();
  }

  /** Leaves the contents of the files as they are before they are encrypted. */
  private static void converse(Path folder) throws Exception {
    try (ModelServer server = server(folder)) {
      post(server, "/v1/conversations", "{\"metadata\":{\"a\":\"b\"}}");
      post(server, "/v1/responses", respond("\"store\":true"));
    }
    for (Map.Entry<String, byte[]> file : Parts.ofFolder(folder).contents().entrySet()) {
      Path path = folder.resolve(file.getKey());
      if (path.toString().endsWith(".json")) {
        Files.write(path, CIPHER.read(path));
      } else {
        Files.delete(path);
      }
    }
  }

  private static String respond(String more) {
    return "{\"model\":\"stories\",\"input\":\"Hi\",\"max_output_tokens\":1," + more + "}";
  }

  private static void continueAll(Path folder) throws Exception {
    Map<String, byte[]> files = Parts.ofFolder(folder).contents();
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      CIPHER.write(folder.resolve(file.getKey()), file.getValue());
    }
    try (ModelServer server = server(folder)) {
      for (String name : files.keySet()) {
        String id = name.replace(".json", "");
        String field = id.startsWith("conv") ? "conversation" : "previous_response_id";
        post(server, "/v1/responses", respond("\"" + field + "\":\"" + id + "\""));
        String path = id.startsWith("conv") ? "/v1/conversations/" : "/v1/responses/";
        HttpResponse<String> response =
            CLIENT.send(
                HttpRequest.newBuilder(server.address().resolve(path + id)).build(),
                HttpResponse.BodyHandlers.ofString(UTF_8));
        if (response.statusCode() >= 500) {
          throw new AssertionError(response.statusCode() + ": " + response.body());
        }
      }
    }
  }
}
