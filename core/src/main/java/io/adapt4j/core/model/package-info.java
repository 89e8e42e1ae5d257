/** Which model is read, from where and in which number type. */
package io.adapt4j.core.model;
