package io.adapt4j.federated;

import io.adapt4j.core.data.Dataset;
import java.io.Serializable;

/** Opens the data of a site, where the site trains. */
@FunctionalInterface
public interface SiteData extends Serializable {

  /**
   * Opens the data.
   *
   * @return the rows to train on
   */
  Dataset open();
}
