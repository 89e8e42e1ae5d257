package io.adapt4j.studio.internal.web;

import io.adapt4j.studio.internal.page.Look;
import java.io.IOException;

/** Answers the requests below a path. */
@FunctionalInterface
public interface Screen {

  /** Answers a request; refuses it by a {@link io.adapt4j.studio.internal.Refusal}. */
  Response answer(Request request, Look look) throws IOException;
}
