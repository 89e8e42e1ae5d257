package io.adapt4j.core.internal.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** View of a checkpoint's tensors under other names; one may have several. Closes no files. */
final class RenamedTensors implements TensorFile {

  private final Map<String, TensorFile> fileOf;
  private final Map<String, String> stored;
  private final Map<String, TensorEntry> entries;

  private RenamedTensors(
      Map<String, TensorFile> fileOf,
      Map<String, String> stored,
      Map<String, TensorEntry> entries) {
    this.fileOf = fileOf;
    this.stored = stored;
    this.entries = Collections.unmodifiableMap(entries);
  }

  /** Creates the view from the stored name of each new one. */
  static RenamedTensors of(Map<String, TensorFile> fileOf, Map<String, String> stored) {
    Map<String, TensorEntry> entries = new LinkedHashMap<>();
    stored.forEach(
        (name, original) -> {
          TensorEntry entry = fileOf.get(original).entry(original);
          entries.put(
              name,
              new TensorEntry(
                  name, entry.type(), entry.shape(), entry.file(), entry.offset(), entry.length()));
        });
    return new RenamedTensors(fileOf, stored, entries);
  }

  private TensorFile holder(String name) {
    return fileOf.get(stored.get(entry(name).name()));
  }

  @Override
  public Path file() {
    return fileOf.values().iterator().next().file();
  }

  @Override
  public Map<String, TensorEntry> entries() {
    return entries;
  }

  @Override
  public ByteBuffer bytes(String name, long offset, int length) {
    return holder(name).bytes(stored.get(name), offset, length);
  }

  @Override
  public void read(String name, long offset, ByteBuffer target) {
    holder(name).read(stored.get(name), offset, target);
  }

  @Override
  public long storedBytes(String name) {
    return holder(name).storedBytes(stored.get(name));
  }

  @Override
  public String storedType(String name) {
    return holder(name).storedType(stored.get(name));
  }

  @Override
  public void close() {}
}
