package io.adapt4j.core.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.AtomicFiles;
import io.adapt4j.core.internal.AtomicFolders;
import io.adapt4j.core.internal.CheckedJson;
import io.adapt4j.core.internal.FileTransaction;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.Temporaries;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The ways in which everything is written, under every fault at every call. */
class WritersUnderFaultsTest {

  private static String text(Path file) throws Exception {
    return Files.exists(file) ? Files.readString(file) : "none";
  }

  @Test
  void aReplacedFile() throws Exception {
    int faults =
        FaultCheck.of("file replaced")
            .before(folder -> Files.writeString(folder.resolve("a"), "old"))
            .writing(folder -> AtomicFiles.writeText(folder.resolve("a"), "new and longer"))
            .reading(folder -> text(folder.resolve("a")))
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void aNewFileInNewFolders() throws Exception {
    int faults =
        FaultCheck.of("file in new folders")
            .writing(folder -> AtomicFiles.writeText(folder.resolve("x/y/a"), "new"))
            .reading(folder -> text(folder.resolve("x/y/a")))
            .keeping("x|x/y")
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  private static FaultCheck together(String name) {
    return FaultCheck.of(name)
        .before(
            folder -> {
              Files.writeString(folder.resolve("a"), "old");
              Files.writeString(folder.resolve("b"), "old");
              Files.writeString(folder.resolve("config"), "old");
            })
        .writing(
            folder -> {
              try (FileTransaction transaction = new FileTransaction()) {
                for (String file : List.of("a", "b", "config")) {
                  Files.writeString(transaction.stage(folder.resolve(file)), "new");
                }
                transaction.commit();
              }
            })
        .explainedByCallers();
  }

  private static String read(Path folder) throws Exception {
    return Files.readString(folder.resolve("config"))
        + Files.readString(folder.resolve("a"))
        + Files.readString(folder.resolve("b"));
  }

  @Test
  void filesThatBelongTogetherAreNeverMixed() throws Exception {
    int faults =
        together("files together, read at once")
            .reading(WritersUnderFaultsTest::read)
            .damageIsTold()
            .run();
    assertThat(faults).isGreaterThan(150);
  }

  @Test
  void filesThatBelongTogetherAreAllOldAfterASweep() throws Exception {
    int faults =
        together("files together, read after a sweep")
            .reading(
                folder -> {
                  Temporaries.sweep(folder);
                  return read(folder);
                })
            .run();
    assertThat(faults).isGreaterThan(150);
  }

  @Test
  void filesThatGoAway() throws Exception {
    int faults =
        FaultCheck.of("file replaced by others")
            .before(folder -> Files.writeString(folder.resolve("single"), "old"))
            .writing(
                folder -> {
                  try (FileTransaction transaction = new FileTransaction()) {
                    Files.writeString(transaction.stage(folder.resolve("a")), "new");
                    Files.writeString(transaction.stage(folder.resolve("config")), "new");
                    transaction.delete(folder.resolve("single"));
                    transaction.commit();
                  }
                })
            .reading(
                folder ->
                    Files.exists(folder.resolve("single"))
                        ? text(folder.resolve("single"))
                        : text(folder.resolve("config")) + text(folder.resolve("a")))
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(100);
  }

  @Test
  void aReplacedFolder() throws Exception {
    int faults =
        FaultCheck.of("folder replaced")
            .before(
                folder ->
                    Files.writeString(
                        Files.createDirectories(folder.resolve("state/in")).resolve("a"), "old"))
            .writing(
                folder -> {
                  Path hidden = AtomicFolders.hidden(folder.resolve("state"));
                  try {
                    Files.createDirectories(hidden.resolve("in"));
                    Files.writeString(hidden.resolve("in/a"), "new");
                    AtomicFolders.publish(hidden, folder.resolve("state"));
                  } catch (Exception e) {
                    AtomicFolders.discard(hidden);
                    throw e;
                  }
                })
            .reading(
                folder -> {
                  Temporaries.sweep(folder);
                  return text(folder.resolve("state/in/a"));
                })
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(100);
  }

  @Test
  void aFileWithItsChecksum() throws Exception {
    int faults =
        FaultCheck.of("JSON with its checksum")
            .before(
                folder ->
                    CheckedJson.write(
                        folder.resolve("a.json"),
                        JsonNodeFactory.instance.objectNode().put("a", 1)))
            .writing(
                folder ->
                    CheckedJson.write(
                        folder.resolve("a.json"),
                        JsonNodeFactory.instance.objectNode().put("a", 2)))
            .reading(
                folder -> {
                  CheckedJson.Content content = CheckedJson.read(folder.resolve("a.json"));
                  return Json.compact(content.json()) + content.checked();
                })
            .explainedByCallers()
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  static List<TensorData> tensors(int value) {
    ByteBuffer bytes = ByteBuffer.allocate(64);
    while (bytes.hasRemaining()) {
      bytes.put((byte) value);
    }
    return List.of(
        TensorData.of("a", StoredType.F32, List.of(4L, 4L), () -> bytes.duplicate().flip()),
        TensorData.of("b", StoredType.F32, List.of(16L), () -> bytes.duplicate().flip()));
  }

  @Test
  void aSafetensorsFile() throws Exception {
    SafetensorsWriter writer = SafetensorsWriter.create().withChecksum();
    int faults =
        FaultCheck.of("safetensors file")
            .before(folder -> writer.writeFile(folder.resolve("a.safetensors"), tensors(1)))
            .writing(folder -> writer.writeFile(folder.resolve("a.safetensors"), tensors(2)))
            .reading(
                folder -> {
                  try (SafetensorsFile file =
                      SafetensorsFile.open(folder.resolve("a.safetensors"))) {
                    return file.isIntact() + " " + file.bytes("a").get(0) + file.bytes("b").get(0);
                  }
                })
            .run();
    assertThat(faults).isGreaterThan(80);
  }
}
