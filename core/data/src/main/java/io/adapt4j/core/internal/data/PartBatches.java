package io.adapt4j.core.internal.data;

import com.google.common.collect.Iterators;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Batches of several parts of a dataset, one part after the other, so that no batch mixes them. */
public final class PartBatches<B> implements BatchSource<B> {

  private final List<BatchSource<B>> parts;
  private final List<String> names = new ArrayList<>();

  public PartBatches(Map<String, ? extends BatchSource<B>> parts) {
    this.parts = List.copyOf(parts.values());
    parts.forEach((name, of) -> names.addAll(Collections.nCopies(of.count(), name)));
  }

  /** Returns the name of a batch's part. */
  public String part(int batch) {
    return names.get(batch);
  }

  @Override
  public int count() {
    return names.size();
  }

  @Override
  public Iterator<B> epoch(int epoch, int firstBatch) {
    Iterator<B> all = Iterators.concat(parts.stream().map(part -> part.epoch(epoch)).iterator());
    Iterators.advance(all, firstBatch);
    return all;
  }
}
