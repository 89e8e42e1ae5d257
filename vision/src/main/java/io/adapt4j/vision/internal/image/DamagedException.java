package io.adapt4j.vision.internal.image;

import java.io.IOException;

/** Data of a picture that break the rules of their format. */
final class DamagedException extends IOException {

  private static final long serialVersionUID = 1;

  DamagedException(String message) {
    super(message);
  }

  DamagedException(String message, Throwable cause) {
    super(message, cause);
  }
}
