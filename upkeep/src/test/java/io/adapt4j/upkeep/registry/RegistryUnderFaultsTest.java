package io.adapt4j.upkeep.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import io.adapt4j.core.internal.AtomicFolders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry under every fault at every call of the disk. */
class RegistryUnderFaultsTest {

  @TempDir Path temp;

  private static Registry open(Path folder) {
    return Registry.open(folder).withClock(Samples.CLOCK);
  }

  private ModelVersion add(Path folder, String weights) throws IOException {
    Path run = Samples.adapter(temp.resolve(weights), weights);
    return open(folder).add(NewVersion.of("m", run));
  }

  private void addTwo(Path folder) throws IOException {
    ModelVersion one = add(folder, "one");
    ModelVersion two = add(folder, "two");
    open(folder).addExam(one, Samples.report(0.5));
    open(folder).addExam(two, Samples.report(0.6));
    open(folder).promote(one, Samples.ANNA);
  }

  /** All that a registry says, of versions that are whole. */
  private static String read(Path folder) throws IOException {
    Registry registry = open(folder);
    Map<String, String> content = new TreeMap<>();
    for (ModelVersion version : registry.versions("m")) {
      assertThat(registry.verify(version)).isEmpty();
      content.put(
          version.reference(),
          Files.readString(version.folder().resolve("adapter_model.safetensors"))
              + registry.exams(version).size());
    }
    return content + " " + registry.aliases("m");
  }

  @Test
  void adding() throws Exception {
    int faults =
        FaultCheck.of("version")
            .before(folder -> add(folder, "one"))
            .writing(folder -> add(folder, "two"))
            .reading(RegistryUnderFaultsTest::read)
            .keeping("versions/m/\\.lock")
            .run();
    assertThat(faults).isGreaterThan(100);
  }

  @Test
  void promoting() throws Exception {
    int faults =
        FaultCheck.of("alias")
            .before(this::addTwo)
            .writing(folder -> open(folder).promote(open(folder).resolve("m@2"), Samples.ANNA))
            .reading(RegistryUnderFaultsTest::read)
            .keeping("versions/m/\\.lock")
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void examining() throws Exception {
    int faults =
        FaultCheck.of("exam")
            .before(folder -> add(folder, "one"))
            .writing(
                folder -> open(folder).addExam(open(folder).resolve("m@1"), Samples.report(0.7)))
            .reading(RegistryUnderFaultsTest::read)
            .keeping("versions/m/(\\.lock|1/exams)")
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void deleting() throws Exception {
    int faults =
        FaultCheck.of("deletion of a version")
            .before(this::addTwo)
            .writing(
                folder -> {
                  for (ModelVersion version : open(folder).versions("m")) {
                    if (version.number() == 2) {
                      open(folder).delete(version, Samples.ANNA);
                    }
                  }
                })
            .reading(RegistryUnderFaultsTest::read)
            .keeping("versions/m/(\\.lock|\\.2\\..*\\.del.*)")
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void rollingBack() throws Exception {
    int faults =
        FaultCheck.of("rollback")
            .before(
                folder -> {
                  addTwo(folder);
                  open(folder).promote(open(folder).resolve("m@2"), Samples.ANNA);
                })
            .writing(
                folder -> {
                  if (open(folder).aliases("m").get(Registry.PRODUCTION) == 2) {
                    open(folder).rollback("m", Samples.ANNA);
                  }
                })
            .reading(RegistryUnderFaultsTest::read)
            .keeping("versions/m/\\.lock")
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void signing() throws Exception {
    KeyPair keys = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
    int faults =
        FaultCheck.of("signature")
            .before(folder -> add(folder, "one"))
            .writing(folder -> open(folder).sign(open(folder).resolve("m@1"), keys.getPrivate()))
            .reading(
                folder ->
                    read(folder)
                        + open(folder).isSigned(open(folder).resolve("m@1"), keys.getPublic()))
            .keeping("versions/m/\\.lock")
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  private static String layout(Path folder) {
    Path layout = folder.resolve("layout");
    return Files.exists(layout)
        ? ModelPack.read(Registry.open(folder.resolve("check")), "c", layout, "").pinned()
        : "none";
  }

  @Test
  void exporting() throws Exception {
    int faults =
        FaultCheck.of("image layout")
            .before(folder -> add(folder, "one"))
            .writing(
                folder -> {
                  AtomicFolders.delete(folder.resolve("layout"));
                  ModelPack.write(
                      open(folder), open(folder).resolve("m@1"), folder.resolve("layout"));
                })
            .reading(RegistryUnderFaultsTest::layout)
            .keeping("check.*|versions/m/\\.lock")
            .every(3)
            .run();
    assertThat(faults).isGreaterThan(60);
  }

  @Test
  void importing() throws Exception {
    int faults =
        FaultCheck.of("version of an image layout")
            .before(
                folder -> {
                  addTwo(folder);
                  ModelPack.write(
                      open(folder), open(folder).resolve("m@1"), folder.resolve("layout"));
                })
            .writing(folder -> ModelPack.read(open(folder), "other", folder.resolve("layout"), ""))
            .reading(
                folder ->
                    open(folder).versions("other").stream()
                        .map(version -> version.pinned() + open(folder).verify(version))
                        .toList()
                        .toString())
            .keeping("versions/(m|other)/(\\.lock|1/exams)|versions/other")
            .every(4)
            .run();
    assertThat(faults).isGreaterThan(60);
  }
}
