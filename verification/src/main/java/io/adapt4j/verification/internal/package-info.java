/** Golden folders, the networks in them, and reports of deviations. */
package io.adapt4j.verification.internal;
