package io.adapt4j.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.checkpoint.EightBitFolder;
import io.adapt4j.core.internal.checkpoint.EightBitFolder.Kind;
import io.adapt4j.core.method.Adapter;
import io.adapt4j.lora.LoraAdapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checkpoints in 8-bit floats on their way into a file, against their plain equals. */
class EightBitExportTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"BLOCKS", "CHANNELS"})
  void theyAreMergedAndExportedAsTheirUnpackedWeights(Kind kind) throws IOException {
    Path source = GoldenFolders.of("qwen2");
    Path plain = folder.resolve("plain");
    Path packed = folder.resolve("packed");
    EightBitFolder.write(source, plain, packed, kind);
    Path adapter = source.resolve("adapter");

    assertThat(export(GgufExport.of(packed))).hasSameBinaryContentAs(export(GgufExport.of(plain)));
    Path wanted = export(GgufExport.of(plain).adapter(Adapter.at(adapter)));
    assertThat(export(GgufExport.of(packed).adapter(Adapter.at(adapter))))
        .hasSameBinaryContentAs(wanted);
    Path merged = folder.resolve("merged");
    LoraAdapter.at(adapter).writeMerged(packed, merged);
    assertThat(Files.readString(merged.resolve("config.json")))
        .doesNotContain("quantization_config");
    assertThat(export(GgufExport.of(merged))).hasSameBinaryContentAs(wanted);
  }

  private Path export(GgufExport export) throws IOException {
    Path file = Files.createTempFile(folder, "model", ".gguf");
    export.type(GgufQuantization.F32).name("model").preTokenizer("qwen2").to(file);
    return file;
  }
}
