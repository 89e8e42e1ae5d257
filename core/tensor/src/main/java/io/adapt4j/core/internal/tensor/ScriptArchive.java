package io.adapt4j.core.internal.tensor;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive from operator sources: a ZIP of stored entries holding one module
 * class whose methods are the operators.
 *
 * <p>The sources are ordinary script functions ({@code def name(self, x: Tensor) -> Tensor:}); the
 * archive gives {@code self} its type and indents them into the class.
 */
final class ScriptArchive {

  private static final String CLASS_HEADER =
      """
      class Ops(Module):
        __parameters__ = []
        __buffers__ = []
        training : bool
        _is_full_backward_hook : Optional[bool]
      """;

  private static final byte[] EMPTY_TUPLE = {(byte) 0x80, 2, ')', '.'};

  private ScriptArchive() {}

  static byte[] build(String sources) {
    StringBuilder code = new StringBuilder(CLASS_HEADER);
    sources.lines().forEach(line -> code.append("  ").append(line).append('\n'));
    String typed = code.toString().replace("(self,", "(self: __torch__.Ops,");
    return archive(typed.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] archive(byte[] code) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "ops/data.pkl", modulePickle());
      store(zip, "ops/code/__torch__.py", code);
      store(zip, "ops/constants.pkl", EMPTY_TUPLE);
      store(zip, "ops/version", "10\n".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Pickles an {@code Ops} object in its initial state, with protocol 2. */
  private static byte[] modulePickle() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(new byte[] {(byte) 0x80, 2});
    out.write("c__torch__\nOps\n".getBytes(StandardCharsets.US_ASCII));
    out.write(new byte[] {'q', 0, ')', (byte) 0x81, '}', '('});
    pickleString(out, "training");
    out.write(0x88); // True
    pickleString(out, "_is_full_backward_hook");
    out.write(new byte[] {'N', 'u', 'b', '.'});
    return out.toByteArray();
  }

  private static void pickleString(ByteArrayOutputStream out, String value) throws IOException {
    byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
    out.write(new byte[] {'X', (byte) bytes.length, 0, 0, 0});
    out.write(bytes);
  }

  private static void store(ZipOutputStream zip, String name, byte[] data) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(data);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(data.length);
    entry.setCompressedSize(data.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(data);
    zip.closeEntry();
  }
}
