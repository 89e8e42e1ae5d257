package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The rows of a dataset that can be trained on. */
public record EncodableRows(Dataset dataset, EncodingReport report, Samples samples) {

  /** Returns the samples of each part of the dataset, with the report of all. */
  public Map<String, EncodableRows> parts() {
    Map<String, EncodableRows> parts = new LinkedHashMap<>();
    samples.parts().forEach((part, of) -> parts.put(part, new EncodableRows(dataset, report, of)));
    return parts;
  }

  /** Returns the names of the dataset's parts, in order. */
  public List<String> partNames() {
    return samples.partNames();
  }

  /** Returns the part of each sample by its number among those given. */
  public int[] sources(List<String> parts) {
    return samples.sources(parts);
  }
}
