package io.adapt4j.upkeep.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Versions in OCI image layouts. */
class ModelPackTest {

  @TempDir Path temp;

  private Registry registry;
  private Registry other;
  private ModelVersion version;
  private Path layout;

  @BeforeEach
  void export() throws IOException {
    registry = Registry.open(temp.resolve("one")).withClock(Samples.CLOCK);
    other = Registry.open(temp.resolve("other"));
    Path folder = Samples.adapter(temp.resolve("run"), "weights");
    Files.writeString(folder.resolve("rows.jsonl"), "");
    version = registry.add(NewVersion.of("support", folder).note("first"));
    registry.addExam(version, Samples.report(0.9));
    layout = temp.resolve("pack");
    ModelPack.write(registry, version, layout);
  }

  private JsonNode blob(JsonNode descriptor) throws IOException {
    return Json.parse(Files.readString(blobFile(descriptor)));
  }

  private Path blobFile(JsonNode descriptor) {
    return layout.resolve("blobs/sha256").resolve(descriptor.path("digest").asText().substring(7));
  }

  private JsonNode index() throws IOException {
    return Json.parse(Files.readString(layout.resolve("index.json"))).path("manifests").get(0);
  }

  @Test
  void theLayoutIsThatOfTheSpecification() throws Exception {
    assertThat(layout.resolve("oci-layout")).hasContent("{\"imageLayoutVersion\":\"1.0.0\"}");
    assertThat(index().path("mediaType").asText())
        .isEqualTo("application/vnd.oci.image.manifest.v1+json");
    JsonNode manifest = blob(index());
    assertThat(manifest.path("artifactType").asText())
        .isEqualTo("application/vnd.cncf.model.manifest.v1+json");
    assertThat(manifest.path("config").path("mediaType").asText())
        .isEqualTo("application/vnd.cncf.model.config.v1+json");
    assertThat(manifest.path("layers"))
        .extracting(
            layer ->
                layer
                        .path("annotations")
                        .path("org.cncf.model.filepath")
                        .asText()
                        .replaceAll("/.*", "")
                    + " "
                    + layer.path("mediaType").asText())
        .containsExactly(
            "1_Pooling application/vnd.cncf.model.weight.config.v1.raw",
            "README.md application/vnd.cncf.model.doc.v1.raw",
            "adapter_config.json application/vnd.cncf.model.weight.config.v1.raw",
            "adapter_model.safetensors application/vnd.cncf.model.weight.v1.raw",
            "rows.jsonl application/vnd.cncf.model.dataset.v1.raw",
            "exams application/vnd.cncf.model.doc.v1.raw");
    JsonNode config = blob(manifest.path("config"));
    assertThat(config.path("descriptor").path("name").asText()).isEqualTo("support");
    assertThat(config.path("config").path("format").asText()).isEqualTo("safetensors");
    assertThat(config.path("modelfs").path("diffIds")).hasSize(6);
    try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
      for (Path blob : blobs.toList()) {
        assertThat(FileDigest.sha256(blob)).isEqualTo(blob.getFileName().toString());
      }
    }
  }

  @Test
  void anImportHasTheSameBits() throws Exception {
    ModelVersion read = ModelPack.read(other, "support", layout, "");

    assertThat(read.pinned()).isEqualTo(version.pinned());
    assertThat(read.files()).isEqualTo(version.files());
    assertThat(read.note()).isEqualTo("first");
    assertThat(other.exams(read)).extracting(Exam::digest).hasSize(1);
    assertThat(other.verify()).isEmpty();

    Path again = temp.resolve("again");
    ModelPack.write(registry, ModelPack.read(registry, "support", layout, "1"), again);
    assertThat(again.resolve("index.json")).hasSameBinaryContentAs(layout.resolve("index.json"));
  }

  private void refused(String said) throws IOException {
    assertThatThrownBy(() -> ModelPack.read(other, "support", layout, ""))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining(said);
    assertThat(other.versions("support")).isEmpty();
    if (Files.exists(other.folder().resolve("versions/support"))) {
      try (Stream<Path> left = Files.list(other.folder().resolve("versions/support"))) {
        assertThat(left).isEmpty();
      }
    }
  }

  @Test
  void damagedBlobsAreRefused() throws Exception {
    JsonNode weights = blob(index()).path("layers").get(3);
    Files.writeString(blobFile(weights), "Weights");
    refused(blobFile(weights).toString());

    Files.writeString(blobFile(weights), "more weights");
    refused("7 bytes");

    Files.delete(blobFile(weights));
    Files.createSymbolicLink(blobFile(weights), temp.resolve("run/adapter_model.safetensors"));
    refused("a link");
  }

  @Test
  void aManifestIsWhatItsDigestSays() throws Exception {
    Path manifest = blobFile(index());
    Files.writeString(manifest, Files.readString(manifest).replace("README.md", "README.MD"));
    refused(manifest.toString());
  }

  @Test
  void aLayoutOfAnotherVersionOrKindIsRefused() throws Exception {
    manifest(text -> text.replace("vnd.cncf.model.config", "vnd.other.model.config"));
    refused("vnd.cncf.model.config.v1+json, found");
    Path index = layout.resolve("index.json");
    Files.writeString(index, Files.readString(index).replace("image.manifest", "image.index"));
    refused("index.json: expected application/vnd.oci.image.manifest");
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"2.0.0\"}");
    refused("oci-layout: expected 1.0.0, found 2.0.0");
  }

  @Test
  void aLayoutWithoutWeightsIsRefused() throws Exception {
    manifest(text -> text.replace("adapter_model.safetensors", "adapter_model.json"));
    refused("expected weights");
  }

  @Test
  void theParentIsKeptIfItIsPinned() throws Exception {
    Path folder = Samples.adapter(temp.resolve("next"), "next");
    Files.delete(folder.resolve("adapter_model.safetensors"));
    Files.writeString(folder.resolve("model.gguf"), "w");
    ModelVersion next = registry.add(NewVersion.of("support", folder).parent("support@1"));
    layout = temp.resolve("next-pack");
    ModelPack.write(registry, next, layout);

    assertThat(blob(blob(index()).path("config")).at("/config/format").asText()).isEqualTo("gguf");
    assertThat(ModelPack.read(other, "support", layout, "").lineage().parent())
        .contains(version.pinned());
    manifest(text -> text.replace(version.pinned(), "../../support"));
    assertThat(ModelPack.read(other, "copy", layout, "").lineage().parent()).isEmpty();
  }

  @Test
  void aVersionWhoseFileChangedIsNotWritten() throws Exception {
    Files.writeString(version.folder().resolve("README.md"), "changed");
    Path packs = Files.createDirectory(temp.resolve("packs"));
    assertThatThrownBy(() -> ModelPack.write(registry, version, packs.resolve("pack")))
        .isInstanceOf(RegistryException.class)
        .hasMessageContaining("README.md: expected the SHA-256");
    assertThat(packs).isEmptyDirectory();
  }

  /** Writes another manifest, with its digest in the index. */
  private void manifest(UnaryOperator<String> change) throws IOException {
    String text = change.apply(Files.readString(blobFile(index())));
    String digest = FileDigest.sha256(text);
    String old = index().path("digest").asText();
    String size = "\"size\":" + index().path("size").asInt();
    Path file = layout.resolve("index.json");
    Files.writeString(
        file,
        Files.readString(file)
            .replace(old, "sha256:" + digest)
            .replace(size, "\"size\":" + text.length()));
    Files.writeString(layout.resolve("blobs/sha256").resolve(digest), text);
  }

  @Test
  void pathsStayInTheirFolder() throws Exception {
    String path = "\"org.cncf.model.filepath\":\"%s\"";
    String before = path.formatted("README.md");
    String last = before;
    for (String bad :
        List.of("../x", "/etc/x", "a/../../x", "C:x", "a\\\\b", "", "nul", "adapter_config.json")) {
      String from = last;
      String to = path.formatted(bad);
      manifest(text -> text.replace(from, to));
      refused("");
      last = to;
    }
  }

  @Test
  void otherArtifactsAreRefused() throws Exception {
    manifest(text -> text.replace("weight.v1.raw", "weight.v1.tar"));
    refused("a single file (.raw)");
    manifest(text -> text.replace("vnd.cncf.model.manifest", "vnd.docker.ai.model.manifest"));
    refused("vnd.cncf.model.manifest");
    assertThatThrownBy(() -> ModelPack.read(other, "support", layout, "9"))
        .hasMessageContaining("one model of the tag 9");
    assertThatThrownBy(() -> ModelPack.write(registry, version, layout))
        .hasMessageContaining("Name another");
  }
}
